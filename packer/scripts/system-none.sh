# The image is complete: nothing configures its nodes at boot.
:
