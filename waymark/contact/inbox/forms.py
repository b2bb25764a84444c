"""The inbox's forms; WTForms checks them, starlette-wtf adds the CSRF token."""

from __future__ import annotations

from starlette_wtf import StarletteForm
from wtforms import PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from waymark.contact.desk import NOTE_LIMIT, OUTCOMES


class LoginForm(StarletteForm):
    """Name and password."""

    name = StringField(
        "Name", [InputRequired(), Length(max=64)], render_kw={"autocomplete": "username", "autocapitalize": "none"}
    )
    password = PasswordField(
        "Password", [InputRequired(), Length(max=256)], render_kw={"autocomplete": "current-password"}
    )


class AttemptForm(StarletteForm):
    """What came of trying to reach somebody."""

    outcome = SelectField("What happened?", choices=OUTCOMES)
    note = TextAreaField(
        "A note, if it helps (stored encrypted)", [Length(max=NOTE_LIMIT)], render_kw={"rows": 3, "autocomplete": "off"}
    )
