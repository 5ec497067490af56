"""Write the golden files that are missing: `make record-golden`. With `--release`, note all of them as released.

Folds that are kept as snapshots have such files too. A file that is there stays as it is; one of a version that is
in no release may be deleted first, to be made anew.
"""

import sys

from eventstore.types import event_types
from ops.bootstrap import EVENT_MODULES, codec
from tests.support import golden, golden_folds


def main() -> None:
    written = golden.record(event_types(*EVENT_MODULES), codec()) + golden_folds.record(codec())
    for name in written:
        print("recorded", name)
    if "--release" in sys.argv[1:]:
        golden.release()
    print(f"{len(written)} recorded, {len(golden.released(golden.GOLDEN))} are released")


if __name__ == "__main__":
    main()
