"""The staff inbox: a small web app over the desk. Starlette, WTForms and their kept parts do what is risky by hand."""
