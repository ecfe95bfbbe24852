"""``python -m simulator`` is the command ``simulator``."""

import sys

from simulator.cli import main

sys.exit(main())
