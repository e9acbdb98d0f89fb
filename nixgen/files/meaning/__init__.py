"""What Nix files mean, so that files that people wrote are compared with generated ones.

Nix itself evaluates them, where it is there, in terms of symbols for all that depends on the rest
of a repository: arguments of functions, paths, what the functions of Nix would look up. So nothing
is read but the two files, and what a hostile one asks for is a symbol, and never done. What is
imported is compared by its path.

Each module imports from those above it only.

    translate: Nix text written anew for symbols; `symbols.nix` has what it calls.
    nix: Running Nix, with bounds.
    term: What a text means, and how it is shown.
    evaluate: From texts to terms, many at a time.
    compare: The differences between two terms.
    verdict: How what a person wrote and what is generated for the same path differ in meaning.
    spare: Files that say nothing that is not generated.
    report: All of that in words.
"""
