// Search: a chapter that teaches a thing comes before the page that only defines, lists or cites it.
var Scorer = {
  score: ([page, , , , score]) => score + (/\/03_\d\d_/.test(page) ? 100 : 0),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
