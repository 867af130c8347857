"""`python -m gigawatt`."""

from gigawatt.interfaces.cli import main

if __name__ == "__main__":
    main()
