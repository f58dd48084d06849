"""Disclosure control: what may be said of a library in counts, so that nobody in it can be made out.

One idea carries it. Beside the real library stand *alternative libraries*, made from it by exchanging what is known of
reviews, until every small count that can be asked for differs in at least one of them. A count is published only where
all of them agree on it. Every answer is then the same whichever of them is the real one, so no arithmetic over any
number of answers can tell which it is, and no small count can be solved for.

    profile.py       the rules as data, chosen by who runs the library
    population.py    reviews and what they are counted by
    worlds.py        the alternative libraries; search.py finds one
    protection.py    the counts that are left, and what is worked out from them
    questions.py     what may be asked at all
    storage.py       both as files of a release
"""
