"""Projects of REFI-QDA (.qdpx), as NVivo, ATLAS.ti, MAXQDA and QualCoder write and read them."""
