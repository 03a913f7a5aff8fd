"""Every error that a user can meet.

    AppError
    ├── InvalidInput          400  the request cannot be understood
    ├── Unauthenticated       401  no credentials, or bad ones
    ├── Forbidden             403  known, but not allowed
    ├── NotFound              404  no such thing for this tenant
    │   └── AlreadyEnded      404  there was such a call
    ├── Conflict              409  the present state does not allow it
    │   └── SlotTaken         409  somebody else has that place at that time
    │       └── TimePassed    409  nobody can have it any more
    ├── PreconditionFailed    412  it has changed since it was read
    ├── TooLarge              413
    ├── Unprocessable         422  understood, but a field is wrong
    ├── RateLimited           429
    ├── ProviderError         502  a speech, language or embedding provider failed
    │   ├── ProviderTimeout   504
    │   ├── ProviderLimited   503  too many requests, or the account's quota is used up
    │   └── ProviderRefused   502  the key, the model or the request is not accepted: waiting does not mend it
    ├── Unavailable           503  not ready, full, or a part is down
    └── MissingModel          503  a model file or package is absent; says which command mends it

An `AppError` is rendered as problem+json over HTTP, as an `error` message on a socket, and as an outcome that a
flow can speak.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One bad field: `pointer` is a JSON pointer (RFC 6901) into the request, `detail` says what to do."""

    pointer: str
    detail: str


class AppError(Exception):
    """Root of the tree. `detail` is shown to the user and must hold neither secrets nor personal data."""

    code = "internal_error"
    status = 500
    title = "Something went wrong"
    retryable = False

    def __init__(self, detail: str = "", *, problems: tuple[FieldProblem, ...] = ()) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.problems = problems


class InvalidInput(AppError):
    code = "invalid_input"
    status = 400
    title = "The request cannot be understood"


class Unauthenticated(AppError):
    code = "unauthenticated"
    status = 401
    title = "Credentials are missing or not valid"


class Forbidden(AppError):
    code = "forbidden"
    status = 403
    title = "Not allowed"


class NotFound(AppError):
    code = "not_found"
    status = 404
    title = "Not found"


class AlreadyEnded(NotFound):
    """A call that is over. `transfer_to` is the phone number that it is to be put through to, if that was its end."""

    def __init__(self, detail: str = "", *, transfer_to: str = "") -> None:
        super().__init__(detail)
        self.transfer_to = transfer_to


class Conflict(AppError):
    code = "conflict"
    status = 409
    title = "The present state does not allow this"


class SlotTaken(Conflict):
    code = "slot_taken"
    title = "That place is no longer free at that time"


class TimePassed(SlotTaken):
    code = "time_passed"
    title = "That time has already passed"


class PreconditionFailed(AppError):
    code = "precondition_failed"
    status = 412
    title = "It has changed since it was read"


class TooLarge(AppError):
    code = "too_large"
    status = 413
    title = "Too large"


class Unprocessable(AppError):
    code = "unprocessable"
    status = 422
    title = "A field is not valid"


class RateLimited(AppError):
    """Too much for now; the same may be done in `retry_after_s` seconds."""

    code = "rate_limited"
    status = 429
    title = "Too many requests"
    retryable = True

    def __init__(self, detail: str = "", *, retry_after_s: int) -> None:
        super().__init__(detail)
        self.retry_after_s = retry_after_s


class ProviderError(AppError):
    """A vendor failed. `retryable` is decided here, once, from what the vendor said."""

    code = "provider_error"
    status = 502
    title = "A provider failed"

    def __init__(self, provider: str, detail: str = "", *, request_id: str = "", retryable: bool = False) -> None:
        super().__init__(detail)
        self.provider = provider
        self.request_id = request_id
        self.retryable = retryable


class ProviderTimeout(ProviderError):
    code = "provider_timeout"
    status = 504
    title = "A provider did not answer in time"


class ProviderLimited(ProviderError):
    """The vendor takes no more for now; again in `retry_after_s` seconds."""

    code = "provider_limited"
    status = 503
    title = "A provider takes no more requests for now"

    def __init__(self, provider: str, detail: str = "", *, request_id: str = "", retry_after_s: float) -> None:
        super().__init__(provider, detail, request_id=request_id, retryable=True)
        self.retry_after_s = retry_after_s


class ProviderLoading(ProviderError):
    """Its package is being loaded, which says nothing of the vendor."""

    code = "provider_loading"
    status = 503
    title = "A provider is being loaded"

    def __init__(self, provider: str) -> None:
        super().__init__(provider, f"{provider} is being loaded", retryable=True)


class ProviderRefused(ProviderError):
    """The fault of whoever asks, and not the vendor's. `of_key` says that it is the key which is refused, and with it
    every request; `of_request` that it is this one request, which tells nothing of the next; else it is what was
    chosen: a model, a voice or a language that the vendor does not have."""

    code = "provider_refused"
    title = "A provider does not accept what it is asked"

    def __init__(
        self,
        provider: str,
        detail: str = "",
        *,
        request_id: str = "",
        of_key: bool = False,
        of_request: bool = False,
    ) -> None:
        super().__init__(provider, detail, request_id=request_id)
        self.of_key = of_key
        self.of_request = of_request


class Unavailable(AppError):
    code = "unavailable"
    status = 503
    title = "Not available now"
    retryable = True


class MissingModel(Unavailable):
    """A model's file or package is absent. `mend` is the command that installs it."""

    code = "missing_model"
    title = "A model is not installed"
    retryable = False

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what} is not installed. Install it with: {mend}")
        self.what = what
        self.mend = mend
