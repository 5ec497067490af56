"""The claims of one process, kept in step with who else is there."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import uuid4

import structlog

from eventstore.segments import SEGMENTS
from readmodels import builds, leases, parking
from readmodels.base import Projection
from readmodels.builds import Build
from readmodels.driver import BuildTables, Session
from readmodels.feeds import Claim, Feed
from readmodels.leases import Members, Stand

log = structlog.get_logger(__name__)


def feed_name(name: str, version: int) -> str:
    return f"{name}@{version}"


class Holding:
    """What this process feeds. `sync` brings it in line; between two calls nobody takes from the living."""

    def __init__(self, projections: Sequence[Projection]) -> None:
        self._code: Mapping[str, Projection] = {feed_name(each.name, each.version): each for each in projections}
        self._me = uuid4()
        self._feeds: dict[tuple[str, int], Feed] = {}
        self._tried: set[tuple[str, int]] = set()
        self.beat_at = 0.0

    @property
    def feeds(self) -> Sequence[Feed]:
        return list(self._feeds.values())

    @property
    def complete(self) -> bool:
        """Whether every segment of everything that this code can feed is held here."""
        return bool(self._feeds) and all(len(feed.claims) == SEGMENTS for feed in self._feeds.values())

    async def join(self, session: Session, lease: float) -> None:
        self._feeds = {}
        await leases.join(session)
        await leases.renew(session, self._me, list(self._code), lease)

    async def leave(self, session: Session) -> None:
        self._feeds = {}
        await leases.leave(session, self._me)

    async def sync(self, session: Session, lease: float) -> None:
        """Renew the lease; learn of new, switched and dropped builds; give back, and take, what the shares say.

        Where a checkpoint has not followed yet (`positions.follow`), its next holder reads a stretch in vain.
        """
        self.beat_at = asyncio.get_running_loop().time()
        members = await leases.renew(session, self._me, list(self._code), lease)
        self._know(session, await builds.load(session))
        found = await leases.stands(session, list(self._code))
        mine = [stand for stand in found if stand.holder == self._me]
        shares = {feed.build.key: members.share(self._me, _name(feed.build), SEGMENTS) for feed in self.feeds}
        unwanted = [stand for stand in mine if stand.segment not in shares.get(stand.filling, ())]
        await leases.give_back(session, self._me, unwanted)
        taken = await leases.take(session, self._me, self._free(found, members, shares))
        given = {stand.spot for stand in unwanted}
        await self._hold(session, [*(stand for stand in mine if stand.spot not in given), *taken])

    def _know(self, session: Session, known: Sequence[Build]) -> None:
        """A feed of a build whose tables moved begins anew: its statements name other tables now."""
        feeds: dict[tuple[str, int], Feed] = {}
        for build in known:
            code = self._code.get(_name(build))
            if code is None:
                continue
            feed = self._feeds.get(build.key)
            if feed is None or feed.build.state is not build.state:
                feed = Feed(build, code.fresh(), BuildTables(session, build.schema))
            feed.build = build
            feeds[build.key] = feed
        self._feeds = feeds

    def _free(
        self, found: Sequence[Stand], members: Members, shares: Mapping[tuple[str, int], set[int]]
    ) -> Sequence[Stand]:
        """What is this process's share and nobody's who is alive."""
        return [
            stand
            for stand in found
            if stand.segment in shares.get(stand.filling, ())
            and (stand.holder is None or stand.holder not in members.feeds)
        ]

    async def _hold(self, session: Session, held: Sequence[Stand]) -> None:
        by_build: dict[tuple[str, int], list[Stand]] = {}
        for stand in held:
            by_build.setdefault(stand.filling, []).append(stand)
        for key, feed in self._feeds.items():
            claims = {stand.segment: _claim(feed, stand) for stand in by_build.get(key, ())}
            changed = claims.keys() != feed.claims.keys()
            feed.claims = claims
            if changed:
                await self._begin(session, feed)

    async def _begin(self, session: Session, feed: Feed) -> None:
        """What is parked is tried once by every process: a newer release may be able to apply it."""
        feed.parked = await parking.keys(session, feed.build)
        if feed.parked and feed.build.key not in self._tried:
            self._tried.add(feed.build.key)
            await parking.want_all(session, feed.build, list(feed.claims))
        log.info(
            "feeding",
            projection=feed.build.projection,
            build=feed.build.number,
            segments=len(feed.claims),
            position=min((claim.position for claim in feed.claims.values()), default=None),
        )


def _name(build: Build) -> str:
    return feed_name(build.projection, build.version)


def _claim(feed: Feed, stand: Stand) -> Claim:
    known = feed.claims.get(stand.segment)
    if known is not None and known.epoch == stand.epoch and known.stored == stand.position:
        return known
    return Claim(stand.position, stand.position, stand.epoch)
