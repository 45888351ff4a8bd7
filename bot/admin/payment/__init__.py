"""One payment: how it stands, everything that happened to it, and what may be done about it.

pages    the page and its small acts        queries    what is read for it, in a few questions
acts     the acts with a form of their own  whole      what was read, and what follows from it
offers   which of them may be done now      telling    what they do and what customers are told
timeline what happened, in one line each    words      kinds, notes and marks in plain words
"""
