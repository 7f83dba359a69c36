"""nailfold openapi"""

import json

import click

from webui.serving.description import api_description


@click.command("openapi")
def command() -> None:
    """Print the description of the JSON API (OpenAPI 3.1), as a station serves it at /api/v1/openapi.json."""
    click.echo(json.dumps(api_description(), indent=2, sort_keys=True, ensure_ascii=False))
