"""What is measured against which limit: `python3 -m bench.p1`, one script per figure of the performance page.

Each starts a database and web workers of its own in a temporary folder and leaves nothing behind. They print; people
judge. Run them on a quiet machine, with the project's own Python: `.venv/bin/python -m bench.p1`.
"""
