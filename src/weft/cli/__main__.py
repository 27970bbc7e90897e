"""`python -m weft.cli` does what `weft` does."""

import sys

from . import main

sys.exit(main())
