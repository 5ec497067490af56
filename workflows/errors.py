"""Why a command got no outcome. Neither says that nothing happened: the same key may be sent again."""


class CommandTimeout(Exception):
    """No answer in time; the command may still take effect. Its key returns the outcome when there is one."""


class CommandUnavailable(Exception):
    """Temporal or the event store cannot be reached, or the order's workflow is not running."""
