"""Many orders at once, straight in the read model's table: what lists cost does not depend on how rows came there.

Customers, statuses, totals and times are spread as those of a shop are: most orders have ended, a few need
attention, a customer has about fifty.
"""

import asyncpg

FILL = """
    INSERT INTO read.orders
    SELECT md5('benchmark' || n)::uuid, 'WB-' || upper(substr(md5('number' || n), 1, 12)), 'customer-' || n % $3,
           CASE WHEN n % 10 < 8 THEN 'completed' WHEN n % 10 = 8 THEN 'cancelled'
                WHEN n % 100 = 9 THEN 'on_hold' ELSE 'fulfilling' END,
           CASE WHEN n % 10 < 8 THEN 'captured' WHEN n % 10 = 8 THEN 'voided' ELSE 'authorized' END,
           CASE WHEN n % 10 < 8 THEN 'delivered' WHEN n % 1000 = 9 THEN 'partially_shipped' ELSE 'unfulfilled' END,
           n % 500 = 9, 1000 + n * 7919 % 50000, CASE WHEN n % 20 = 0 THEN 'USD' ELSE 'EUR' END,
           now() - n * interval '20 seconds', now() - n * interval '19 seconds', 12, '{}'
    FROM generate_series($1::bigint, $2::bigint) AS n
"""
EACH = 50_000
"""Orders a statement."""

ORDERS_OF_A_CUSTOMER = 50
KEY_AT = """
    SELECT placed_at, order_id FROM read.orders WHERE status = 'completed'
    ORDER BY placed_at DESC, order_id DESC OFFSET $1 LIMIT 1
"""


async def fill(connection: asyncpg.Connection, have: int, wanted: int) -> None:
    """Have `wanted` orders where there are `have`, known to the planner."""
    customers = max(1, wanted // ORDERS_OF_A_CUSTOMER)
    for first in range(have + 1, wanted + 1, EACH):
        await connection.execute(FILL, first, min(first + EACH - 1, wanted), customers, timeout=600)
    await connection.execute("VACUUM (ANALYZE) read.orders", timeout=600)
    await connection.execute("CHECKPOINT", timeout=600)  # so that what was written is not written under the reads
