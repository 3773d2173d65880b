"""The command line: ``python -m stcore``."""

import sys

from stcore.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
