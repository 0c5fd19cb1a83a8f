# Replaced by the script of the variable `script`; without one there is nothing of yours to do.
:
