{
  flake.modules.nixos.nvidia =
    { config, pkgs, ... }:
    {
      # The driver and CUDA are unfree.
      # No cudaSupport here: that would rebuild every package.
      nixpkgs.config.allowUnfree = true;

      nixpkgs.overlays = [
        (_final: prev: {
          pythonPackagesExtensions = prev.pythonPackagesExtensions ++ [
            (
              _pythonFinal: pythonPrev:
              let
                withCuda = {
                  torch = {
                    cudaSupport = true;
                    rocmSupport = false;
                  }
                  // (if pythonPrev ? triton-cuda then { triton = pythonPrev.triton-cuda; } else { });
                  jax.cudaSupport = true;
                  jaxlib.cudaSupport = true;
                };
              in
              # Only packages that there are, and only arguments that they take.
              builtins.mapAttrs (
                name: arguments:
                let
                  inherit (pythonPrev.${name}) override;
                in
                override (builtins.intersectAttrs override.__functionArgs or { } arguments)
              ) (builtins.intersectAttrs pythonPrev withCuda)
            )
          ];
        })
      ];

      hardware.graphics = {
        enable = true;
        enable32Bit = false;
      };

      # datacenter.enable stays unset: it leaves out firmware that the GPU needs
      # (https://github.com/NixOS/nixpkgs/issues/454772).
      hardware.nvidia = {
        # Later branches leave out what is older than Turing.
        package =
          config.boot.kernelPackages.nvidiaPackages.legacy_580
            or config.boot.kernelPackages.nvidiaPackages.production;
        open = true;
        # Nothing else keeps the GPU initialized between jobs.
        nvidiaPersistenced = true;
        nvidiaSettings = false;
        modesetting.enable = false;
        powerManagement = {
          enable = false;
          finegrained = false;
        };
      };

      services.xserver = {
        enable = false;
        # This loads the driver, also without a display server.
        videoDrivers = [ "nvidia" ];
      };

      # Builds that require the system feature "cuda" may use the GPU.
      programs.nix-required-mounts = {
        enable = true;
        presets.nvidia-gpu.enable = true;
      };

      environment.systemPackages = [
        pkgs.nvtopPackages.nvidia
        pkgs.pciutils
      ];
    };
}
