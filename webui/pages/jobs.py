"""The page of the files that were asked for; the page's own script fills it."""

from flask import Blueprint, render_template


def jobs_blueprint() -> Blueprint:
    """/files"""
    pages = Blueprint("files", __name__)

    @pages.get("/files")
    def page() -> str:
        return render_template("files.html")

    return pages
