"""What people read of a plan, of a difference of plans and of a run is built as a document, and written in three forms.

A view puts a `model.Document` together of sections, steps, lists, tables; text as it came. `text`, `markdown` (and
`comment`, which keeps a limit) and `html` write it: they alone make texts harmless, fold, shorten and colour. Open
`model.py` first. A new kind of block stands there, in the `match` of `text` and `markdown`, and in `blocks.html.j2`.
"""
