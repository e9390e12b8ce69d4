"""nbgrader's settings: the repository is an ordinary nbgrader course. `optcourse release` reads them too."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "optcourse"
# nbgrader copies every file of its source folder into the release. The solved text in solutions/ must not lie there:
# `optcourse release` makes notebooks of it in a folder that is not committed.
c.CourseDirectory.source_directory = "_build/source"
c.CourseDirectory.release_directory = "exercises"

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code, instead of this line"}
c.ClearSolutions.text_stub = "*Your answer, instead of this line.*"

c.IncludeHeaderFooter.header = ""

# `nbgrader autograde` and the formgrader's button run nobody's code as you: the verdict is made by the judge of
# `optcourse grade`, in its sandbox. Nothing is graded where there is none.
c.Autograde.exporter_class = "optcourse.grading.autograde.Intake"
c.Autograde.autograde_preprocessors = [
    "optcourse.grading.autograde.Judge",  # instead of nbgrader's Execute
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Learners see what was found, and not by which tests.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "nbgrader.preprocessors.ClearHiddenTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
