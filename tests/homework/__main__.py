"""python -m tests.homework: print what becomes of every planted answer."""

from tests.homework.planting import table

text, well = table()
print(text)
raise SystemExit(0 if well else 1)
