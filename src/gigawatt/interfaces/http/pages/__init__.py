"""Pages for people, a module each. They need no script, and send their forms as forms; scripts make them quicker.

They look as the pages of results do, by the same style sheet, which is sent as a file: under the policy of the server
nothing stands within a page.
"""

from __future__ import annotations

from fastapi import APIRouter

from gigawatt.interfaces.http.pages import (
    claims,
    compare,
    compute,
    entry,
    fleet,
    jobs,
    ledger,
    money,
    programme,
    scenario,
    series,
    sources,
    tokens,
)

MODULES = (programme, scenario, compute, tokens, fleet, money, compare, claims, ledger, sources, jobs, series, entry)
router = APIRouter(include_in_schema=False)
for module in MODULES:
    router.include_router(module.router)
