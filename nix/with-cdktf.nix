# A Python with the commands, the modules and CDKTF: pkgs.callPackage ./with-cdktf.nix { }
#
# nixpkgs has neither jsii nor what is made with it, and a newer typeguard than jsii takes. So these
# are the wheels that requirements.txt pins; the rest of what they need is of nixpkgs.
{
  lib,
  python3,
  nodejs_22,
}:

let
  inherit (python3.pkgs)
    attrs
    buildPythonPackage
    callPackage
    cattrs
    fetchPypi
    python-dateutil
    typing-extensions
    ;

  wheel =
    {
      pname,
      version,
      hash,
      python ? "py3",
      dependencies ? [ ],
      ...
    }@given:
    buildPythonPackage (
      builtins.removeAttrs given [
        "hash"
        "python"
      ]
      // {
        inherit dependencies;
        format = "wheel";
        src = fetchPypi {
          pname = builtins.replaceStrings [ "-" ] [ "_" ] pname;
          inherit version hash python;
          dist = python;
          format = "wheel";
        };
      }
    );

  publication = wheel {
    pname = "publication";
    version = "0.0.3";
    hash = "sha256-AkiIU1H+vBHYoQmNXI46stq88+jAyW2x4X7NErU6++Y=";
    python = "py2.py3";
  };
  typeguard = wheel {
    pname = "typeguard";
    version = "2.13.3";
    hash = "sha256-Xj474B6Ifn6vrlr2PR82yEmqqU46ARIJcxKqv6FihPE=";
  };
  jsii = wheel {
    pname = "jsii";
    version = "1.142.0";
    hash = "sha256-Ftaz4lu6oIHdOeq+kQsH9kb+SYgwLYquQBaQ8ke6998=";
    dependencies = [
      attrs
      cattrs
      publication
      python-dateutil
      typeguard
      typing-extensions
    ];
    pythonRelaxDeps = true; # of nixpkgs' packages any version will do
  };
  constructs = wheel {
    pname = "constructs";
    version = "10.7.2";
    hash = "sha256-kGfLxjFdkuR1UNCpvm5Qg2a1dlmQyO6yWJLLBwYS9Zk=";
    dependencies = [
      jsii
      publication
    ];
  };
  cdktf = wheel {
    pname = "cdktf";
    version = "0.21.0";
    hash = "sha256-Col/+Icpu9N9TXErVb3AXRMKh4beU3vrGVHMApM03Qk=";
    dependencies = [
      constructs
      jsii
      publication
      typeguard
    ];
  };
  provider = wheel {
    pname = "cdktf-cdktf-provider-google";
    version = "16.12.1";
    hash = "sha256-iNAhyJ4c8qvyyTVxbWVI0m/j2kvtMHE9T6Nt8e8TdDY=";
    dependencies = [
      cdktf
      constructs
      jsii
      publication
      typeguard
    ];
  };

  environment = python3.buildEnv.override {
    extraLibs = [
      (callPackage ./package.nix { })
      cdktf
      constructs
      provider
    ];
    # jsii runs `node`; the command line of CDKTF, which `infra deploy` runs, runs `python`.
    makeWrapperArgs = [
      "--prefix PATH : ${placeholder "out"}/bin:${lib.makeBinPath [ nodejs_22 ]}"
    ];
  };
in
lib.addMetaAttrs {
  description = "Python with infra-lib, CDKTF and its Google provider";
  mainProgram = "infra";
} environment
