"""nbgrader's settings: the repository is an ordinary nbgrader course. `optcourse release` reads them too."""

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "optcourse"
# nbgrader copies every file of its source folder into the release. The solved text in solutions/ must not lie there:
# `optcourse release` makes notebooks of it in a folder that is not committed.
c.CourseDirectory.source_directory = "_build/source"
c.CourseDirectory.release_directory = "exercises"

c.ClearSolutions.code_stub = {"python": "raise NotImplementedError  # your code, instead of this line"}
c.ClearSolutions.text_stub = "*Your answer, instead of this line.*"

c.Execute.timeout = 60  # seconds for one cell; a check ends a call of its own accord after five
c.IncludeHeaderFooter.header = ""
