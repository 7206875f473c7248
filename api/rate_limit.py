"""How a limiter's verdict is told: RateLimit headers and 429.

Source: draft-ietf-httpapi-ratelimit-headers-10.
"""

import math

from api.context import RequestContext
from api.services import NO_TENANT, RateLimiter, RateVerdict
from compliance.access.principal import Principal
from domain.kernel.errors import QuotaExceeded

POLICY = "key"
WINDOW_SECONDS = 1


def rate_headers(verdict: RateVerdict, per_second: int) -> dict[str, str]:
    """Return RateLimit and RateLimit-Policy: `r` requests are left, the window is over in `t` seconds."""
    reset = max(WINDOW_SECONDS, math.ceil(verdict.retry_after))
    return {
        "ratelimit-policy": f'"{POLICY}";q={per_second};w={WINDOW_SECONDS}',
        "ratelimit": f'"{POLICY}";r={verdict.remaining};t={reset}',
    }


async def admit(limiter: RateLimiter, principal: Principal, context: RequestContext, per_second: int) -> None:
    """Count the request against its key and note the headers.

    Raises:
        QuotaExceeded: the key has used up its rate.
    """
    scope = principal.tenant_id or NO_TENANT
    verdict = await limiter.take(scope, f"{principal.kind}:{principal.key_id}", per_second)
    context.headers |= rate_headers(verdict, per_second)
    if not verdict.allowed:
        raise QuotaExceeded(retry_after=max(1, math.ceil(verdict.retry_after)))
