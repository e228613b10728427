"""The keys of the feelings a person can name; a test holds them against the ledger's own list."""

FEELINGS = (
    *("happy", "pleased"),
    *("trusting", "valued", "cared_for", "safe", "focused"),
    *("interested", "energetic", "stimulated", "exploratory", "indulged"),
    *(
        "irritated",
        "hurried",
        "neglected",
        "unhappy",
        "unsatisfied",
        "stressed",
        "disappointed",
        "frustrated",
    ),
)
