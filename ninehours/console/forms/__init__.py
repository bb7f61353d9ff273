"""Forms of requests: every page that says something to a service by more than a button uses these.

A form is *of a request message*, and nothing says a second time what can be typed in it. A field's
name is where its value stands in the request (`recording.consent.given_on`), which is how a service
names it when it refuses it: so every refusal lands at its field by itself.

- `request_form.RequestForm(request=…)`: the fields of a request that may be typed, and the request
  read of what was typed. What isn't asked (ids, `meta`) stays as the page put it there.
- `refusals.at_fields(refusal, names)`: what is wrong at which field, and what is wrong at none.
- `consequences.foreseen(visit, receipt)`: what a dry run comes to, in days, claims and dollars.
- `saying.ask(visit, saying, form)` and `saying.say(visit, saying, form)`: a page that asks, shows
  what would follow, and records it once that was seen. `saying.html` is its template.
- `versioned.ask` and `versioned.say`: the same of what is refused once somebody recorded anything
  of it meanwhile; theirs stands beside mine.
- `putting_right.ask` and `putting_right.say`: the same of any service's `CorrectStatement` and
  `VoidStatement`; of a statement that was put right meanwhile theirs stands beside mine.

In a template of one's own: `{% from "fields.html" import fieldset, field with context %}`. Words of
fields and of values are in `texts/fields.toml`, by their names in the protos.
"""
