"""Makes `docs/problems.md`: `python -m ops.docs.problems > docs/problems.md`."""

import sys

from api.problem_pages import whole

if __name__ == "__main__":
    sys.stdout.write(whole())
