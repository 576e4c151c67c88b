"""`python -m yutang` is the command line, where no script is on the path."""

from yutang.cli import main

if __name__ == "__main__":
    main()
