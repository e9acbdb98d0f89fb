{ lib, self, ... }:
let
  failures = lib.runTests (import ../../tests/fleet.nix { inherit self; });
in
{
  perSystem =
    { pkgs, ... }:
    {
      checks.fleet =
        if failures == [ ] then
          pkgs.runCommand "fleet" { } "touch $out"
        else
          throw "not as the fleet says: ${lib.generators.toPretty { } failures}";
    };
}
