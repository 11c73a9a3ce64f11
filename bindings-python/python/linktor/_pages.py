"""Lists that come page by page, each page asked for when it is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Generator

    from ._native import Response

T = TypeVar("T")


class Page(Generic[T]):
    """A page of a list. Its ``repr`` shows no item."""

    def __init__(self, response: Response) -> None:
        self.items: list[T] = response._items()
        """The items, parsed."""
        self.next: int | None = response._next_page
        """The number of the next page, if there is one."""
        self.response = response
        """The answer that brought it."""

    def __repr__(self) -> str:
        return f"<Page of {len(self.items)} items, next={self.next}>"


class Paginator(Generic[T]):
    """The items of a list. Each iteration begins anew, and an error ends it."""

    def __init__(self, ask: Callable[[int], Response]) -> None:
        self._ask = ask

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: iterate over it, or over its pages(), with for>"

    def __iter__(self) -> Generator[T, None, None]:
        for page in self.pages():
            yield from page.items

    def pages(self) -> Generator[Page[T], None, None]:
        """Iterate over the pages instead."""
        number: int | None = 0
        while number is not None:
            page = Page[T](self._ask(number))
            yield page
            number = page.next


class AsyncPaginator(Generic[T]):
    """The items of a list, for ``async for``. Each iteration begins anew, and an error ends it."""

    def __init__(self, ask: Callable[[int], Awaitable[Response]]) -> None:
        self._ask = ask

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: iterate over it, or over its pages(), with async for>"

    async def __aiter__(self) -> AsyncGenerator[T, None]:
        async for page in self.pages():
            for item in page.items:
                yield item

    async def pages(self) -> AsyncGenerator[Page[T], None]:
        """Iterate over the pages instead."""
        number: int | None = 0
        while number is not None:
            page = Page[T](await self._ask(number))
            yield page
            number = page.next
