"""To sign: plans and recommendations that wait for whoever signs, and what is said of each."""
