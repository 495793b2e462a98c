"""What can go wrong, as one tree.

Receives the facts of a failure; hands on a sentence that says what happened, where, and what
to do next. The command line prints the sentence and ends with the error's exit code.

ScoqaError
  ConfigError            file, key, value, what is allowed
  WorkspaceError         a folder that is missing, unreadable or empty
  QuestionError          a question that cannot be asked: empty, or too long
  CrowdedError           too many ask at once
  LoginError             the chat needs a login, or its file or a password cannot be used
  ModelNotFoundError     names the places searched and how to get the model
  ModelHashError         a model file is not the one expected
  ParseError             path and reason; collected in SyncReport
  IndexNotFoundError     names the command that builds it
  IndexMismatchError     both values (model, splitter), and the rebuild command
  IndexDamagedError      what is damaged, and the rebuild command
  IndexLockedError       who holds it, since when
  QuestionSetError       path, line, reason
  ReaderTrainingError    a reader that cannot be trained as asked
  VerificationError      which citation, expected, found
"""


class ScoqaError(Exception):
    """Any failure scoqa expects; `exit_code` is what the command line ends with."""

    exit_code = 1


class ConfigError(ScoqaError):
    """A setting has a name or a value that is not allowed."""

    exit_code = 2

    def __init__(self, *, source: str, key: str, value: object, allowed: str) -> None:
        super().__init__(f"{source}: {key} = {value!r} is not allowed. Allowed: {allowed}.")
        self.source = source
        self.key = key
        self.value = value


class WorkspaceError(ScoqaError):
    """The folder cannot serve as a workspace."""


class QuestionError(ScoqaError):
    """The question cannot be asked."""

    exit_code = 2


class LoginError(ScoqaError):
    """The chat has no login where it needs one, or one that cannot be used.

    Never names what stands in a login: a password may be there by mistake.
    """

    exit_code = 2


class CrowdedError(ScoqaError):
    """Too many people wait for an answer already."""


class ModelNotFoundError(ScoqaError):
    """No model of that name is on this machine."""


class ModelHashError(ScoqaError):
    """A model file differs from the one this version of scoqa was tested with."""


class ParseError(ScoqaError):
    """One file could not be turned into text."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


class IndexNotFoundError(ScoqaError):
    """There is no index where one was looked for."""


class IndexMismatchError(ScoqaError):
    """The index was built with other settings than the ones in force."""


class IndexDamagedError(ScoqaError):
    """The catalog cannot be read as the database it should be."""


class IndexLockedError(ScoqaError):
    """Another process is writing the index."""


class QuestionSetError(ScoqaError):
    """A question set has a line that cannot be used, or is none as a whole: line 0."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}" if line else f"{path}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class ReaderTrainingError(ScoqaError):
    """A reader cannot be trained as asked: nothing to learn from, or the folder is taken."""


class VerificationError(ScoqaError):
    """A saved answer cannot be replayed, or a citation does not hold."""

    exit_code = 4
