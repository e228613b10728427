"""How an asking reaches a person: mail, messages, links, the web, interviews, paper."""
