"""One payment: how it stands, everything that happened to it, and what may be done about it.

pages    the page and its small acts      queries    what is read for it, in a few questions
acts     the acts with a form of their own    offers     which of them may be done now
timeline what happened, in one line each   words      kinds, notes and marks in plain words
"""
