class Custom(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


def inner():
    return {}["missing"]


def middle():
    try:
        inner()
    except KeyError as error:
        error.add_note("a note")
        raise Custom(7) from error


try:
    try:
        middle()
    except Custom:
        1 / 0
except ZeroDivisionError as error:
    raise ExceptionGroup("many", [error, TypeError("one"), ExceptionGroup("deeper", [OSError(2, "No such file", "name")])])
