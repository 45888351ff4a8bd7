"""What a person must look at: found by partial indexes, counted in the header of every page.

sources   what belongs on the list, by kind, in SQL     counting   the number in the header
items     one line of it in words                       pages      the list
"""
