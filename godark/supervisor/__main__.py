"""`python -m godark.supervisor`: what `make run` runs when everything is installed."""

from godark.supervisor.supervise import main

if __name__ == "__main__":
    main()
