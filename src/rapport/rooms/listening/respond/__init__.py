"""The pages on which customers answer: slim, without sessions, scripts or cookies; kept before they thank.

`web` speaks to the server, `answering` decides what is shown and kept, `pages` and `questions` write HTML,
`store` reads and writes, many at once, `limits` holds back floods.
"""
