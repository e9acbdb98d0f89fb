{ self }:
let
  # What the fleet says of each machine.
  machines = {
    malachite = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      description = "GCP GPU node (a3-highgpu-8g, 8x H100)";
      gpu = {
        open = true;
        fabricManager = true;
      };
    };
    azurite = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      description = "GCP GPU node (a3-highgpu-1g, 1x H100)";
      gpu.open = true;
    };
    beryl = {
      tags = [
        "nixos"
        "cloud"
        "gcp"
        "gpu"
      ];
      description = "GCP GPU node (g4-standard-12, 1/4x RTX PRO 6000)";
      gpu = {
        open = true;
        part = true;
      };
    };
  };

  # What one list has and another has not.
  lacking = wanted: given: builtins.filter (item: !builtins.elem item given) wanted;
  when = condition: tests: if condition then tests else { };

  # The tests of one machine.
  testsOf =
    name: said:
    let
      class = said.class or "nixos";
      machine = self.clan.inventory.machines.${name};
      nixos = self.nixosConfigurations.${name};
      # What nixpkgs is configured with, by the machine or by who made its packages.
      nixpkgs =
        option: default: nixos.config.nixpkgs.config.${option} or nixos.pkgs.config.${option} or default;
      nvidia = nixos.config.hardware.nvidia;
    in
    {
      "test ${name} has its tags" = {
        expr = lacking said.tags machine.tags;
        expected = [ ];
      };
      "test ${name} has its class" = {
        expr = machine.machineClass;
        expected = class;
      };
      "test ${name} has its target host" = {
        expr = machine.deploy.targetHost or null;
        expected = said.targetHost or "root@${name}.example.org";
      };
    }
    // when (said ? description) {
      "test ${name} has its description" = {
        expr = machine.description;
        expected = said.description;
      };
    }
    // when (class == "nixos") {
      "test ${name} has its host name" = {
        expr = nixos.config.networking.hostName;
        expected = name;
      };
      "test ${name} has no global cudaSupport" = {
        expr = nixpkgs "cudaSupport" false;
        expected = false;
      };
    }
    // when (said ? gpu) {
      "test ${name} imports nvidia" = {
        expr = builtins.elem "nvidia" nixos.config.services.xserver.videoDrivers;
        expected = true;
      };
      "test ${name} leaves datacenter.enable alone" = {
        expr = nvidia.datacenter.enable or false;
        expected = false;
      };
      "test ${name} has its kernel module" = {
        expr = nvidia.open;
        expected = said.gpu.open;
      };
      "test ${name} has its CUDA packages" = {
        expr = lacking [ "torch" "jax" "jaxlib" ] (
          builtins.concatMap (extension: extension.builtWithCuda or [ ]) nixos.pkgs.pythonPackagesExtensions
        );
        expected = [ ];
      };
    }
    // when (said ? gpu && !said.gpu.part or false) {
      "test ${name} has its driver" = {
        expr = nvidia.package.version;
        expected =
          if said.gpu.fabricManager or false then
            nixos.config.boot.kernelPackages.nvidiaPackages.dc.version
          else
            nixos.config.boot.kernelPackages.nvidiaPackages.production.version;
      };
    }
    // when said.gpu.fabricManager or false {
      "test ${name} has a fabric manager" = {
        expr = nixos.config.systemd.services ? nvidia-fabricmanager;
        expected = true;
      };
      "test ${name} has a fabric manager of its driver's version" = {
        expr = nvidia.package.fabricmanager.version or null == nvidia.package.version;
        expected = true;
      };
    };

  # The tests of what they share.
  clanTests = {
    "test clan has its name" = {
      expr = self.clan.inventory.meta.name;
      expected = "test";
    };
  };
in
builtins.zipAttrsWith (_: builtins.head) (
  [ clanTests ] ++ builtins.attrValues (builtins.mapAttrs testsOf machines)
)
