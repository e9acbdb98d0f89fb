{
  flake.modules.nixos.nvidia =
    {
      config,
      options ? { },
      pkgs,
      ...
    }:
    {
      # The driver and CUDA are unfree. Whoever gives nixpkgs.pkgs says so there.
      # No cudaSupport here: that would rebuild every package.
      nixpkgs.config = if options.nixpkgs.pkgs.isDefined or false then { } else { allowUnfree = true; };

      nixpkgs.overlays = [
        (_final: prev: {
          pythonPackagesExtensions = prev.pythonPackagesExtensions ++ [
            {
              # What the tests of the fleet look for.
              builtWithCuda = [
                "torch"
                "jax"
                "jaxlib"
              ];
              __functor =
                _self: _pythonFinal: pythonPrev:
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
                # A jaxlib that takes none is a wheel; its CUDA comes with jax.
                builtins.mapAttrs (
                  name: arguments:
                  let
                    package = pythonPrev.${name};
                    takes = package.override.__functionArgs or { };
                  in
                  if takes ? cudaSupport then
                    package.override (builtins.intersectAttrs takes arguments)
                  else if name == "jaxlib" then
                    package
                  else
                    prev.lib.warn "nvidia: cuda_packages names ${name}, which takes no cudaSupport in this nixpkgs: it has no CUDA" package
                ) (builtins.intersectAttrs pythonPrev withCuda);
            }
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
        package = config.boot.kernelPackages.nvidiaPackages.production;
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
