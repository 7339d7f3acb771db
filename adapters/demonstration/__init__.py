"""A demonstration region: 唐河县 with its service centres, items, staff and the gazetted years, as data.

``plans`` reads it. What stands in the JSON files is for showing and testing; each file says what is not official.
"""
