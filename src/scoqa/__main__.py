"""`python -m scoqa` is the command line."""

from scoqa.cli import main

if __name__ == "__main__":
    main()
