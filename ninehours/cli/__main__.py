"""python -m ninehours.cli"""

from ninehours.cli.app import app

app(prog_name="ninehours")
