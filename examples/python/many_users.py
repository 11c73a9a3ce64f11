"""A server that acts for many users: one pool of connections, a session for each, an organization where one is needed.

Run: python examples/python/many_users.py
"""

import asyncio

from linktor import AsyncLinkit, PermissionDeniedError
from linktor.testing import Sandbox


async def main() -> None:
    with Sandbox() as sandbox:
        known = sandbox.credentials["linkit"]
        # Nobody by itself: every request goes through a user's handle.
        async with AsyncLinkit(anonymous=True, base_url=sandbox.base_urls["linkit"]) as pool:

            async def act() -> tuple[int, int]:
                user = pool.with_credentials(email=known["email"], password=known["password"])
                # The first call logs in, and later ones use its session and its organization.
                customers = (await user.get("/customers")).data()
                products = (await user.get("/products")).data()
                return len(customers), len(products)

            counts = await asyncio.gather(*(act() for _ in range(50)))
            assert counts == [(2, 3)] * 50, counts
            journal = sandbox.journal()
            logins = [entry for entry in journal if entry.path.endswith("/auth/login")]
            print(f"50 users, {len(logins)} logins, {len(journal)} requests")
            assert (len(logins), len(journal)) == (50, 150)

            elsewhere = pool.with_credentials(known["api_key"]).with_organization("org_elsewhere")
            try:
                await elsewhere.get("/customers")
                raise AssertionError("the user belongs to org_elsewhere too")
            except PermissionDeniedError as error:
                print(f"in another organization: {error}")


if __name__ == "__main__":
    asyncio.run(main())
