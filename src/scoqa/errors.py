"""The exceptions of scoqa, all derived from ScoqaError.

Each message says what happened, where, and what to do next. The command line prints it and exits
with the error's exit code.

ScoqaError
  ConfigError            an invalid setting: source, key, value, allowed values
  WorkspaceError         a folder is missing, unreadable or empty
  QuestionError          a question is empty or too long
  CrowdedError           too many questions at the same time
  LoginError             the chat needs a login, or the login file or a password is invalid
  ModelNotFoundError     names the places searched and how to get the model
  ModelHashError         a model file is not the expected one
  ParseError             path and reason; collected in SyncReport
  IndexNotFoundError     names the command that builds the index
  IndexMismatchError     both values (model, splitter), and the rebuild command
  IndexDamagedError      what is damaged, and the rebuild command
  IndexLockedError       which process holds the lock, and since when
  QuestionSetError       path, line, reason
  ReaderTrainingError    a reader cannot be trained with these options
  VerificationError      the citation, the expected and the actual text
"""


class ScoqaError(Exception):
    """Base class of all expected failures; `exit_code` is the exit code of the command line."""

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
    """The question is empty or too long."""

    exit_code = 2


class LoginError(ScoqaError):
    """The chat needs a login and has none, or its login cannot be used.

    The message never quotes the login file, which may contain a password by mistake.
    """

    exit_code = 2


class CrowdedError(ScoqaError):
    """Too many questions are waiting for an answer."""


class ModelNotFoundError(ScoqaError):
    """The model is not on this machine."""


class ModelHashError(ScoqaError):
    """A model file differs from the one this version of scoqa was tested with."""


class ParseError(ScoqaError):
    """A file could not be converted to text."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


class IndexNotFoundError(ScoqaError):
    """There is no index in the folder."""


class IndexMismatchError(ScoqaError):
    """The index was built with settings that differ from the current ones."""


class IndexDamagedError(ScoqaError):
    """The catalog is not a readable database."""


class IndexLockedError(ScoqaError):
    """Another process is writing the index."""


class QuestionSetError(ScoqaError):
    """A question set has an invalid line, or is invalid as a whole (line 0)."""

    def __init__(self, path: str, line: int, reason: str) -> None:
        super().__init__(f"{path}, line {line}: {reason}" if line else f"{path}: {reason}")
        self.path = path
        self.line = line
        self.reason = reason


class ReaderTrainingError(ScoqaError):
    """A reader cannot be trained: no training data, or its folder is in use."""


class VerificationError(ScoqaError):
    """A saved answer cannot be read, or a citation is not true."""

    exit_code = 4
