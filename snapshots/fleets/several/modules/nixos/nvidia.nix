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

      assertions =
        map
          (name: {
            assertion = pkgs.python3Packages ? ${name};
            message = "nvidia: cuda_packages names ${name}, which is none of pkgs.python3Packages";
          })
          [
            "vllm"
            "onnxruntime"
          ];

      nixpkgs.overlays = [
        (_final: prev: {
          pythonPackagesExtensions = prev.pythonPackagesExtensions ++ [
            {
              # What the tests of the fleet look for.
              builtWithCuda = [
                "torch"
                "vllm"
                "onnxruntime"
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
                    vllm.cudaSupport = true;
                    onnxruntime.cudaSupport = true;
                  };
                in
                # Only packages that there are, and only arguments that they take.
                builtins.mapAttrs (
                  name: arguments:
                  let
                    package = pythonPrev.${name};
                    takes = package.override.__functionArgs or { };
                  in
                  if takes ? cudaSupport then
                    package.override (builtins.intersectAttrs takes arguments)
                  else
                    prev.lib.warn "nvidia: cuda_packages names ${name}, which takes no cudaSupport in this nixpkgs: it has no CUDA" package
                ) (builtins.intersectAttrs pythonPrev withCuda);
            }
          ];
        })
      ];

      boot.kernelParams = [
        "pci=realloc"
        "nvidia.NVreg_EnableGpuFirmware=1"
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
        pkgs.cudaPackages.cudatoolkit
      ];
      environment.variables = {
        LD_LIBRARY_PATH = "/run/opengl-driver/lib";
        TRITON_LIBCUDA_PATH = "/run/opengl-driver/lib";
        XLA_FLAGS = "--xla_gpu_cuda_data_dir=${pkgs.cudaPackages.cudatoolkit}";
        CC = "${pkgs.gcc}/bin/gcc";
      };

      systemd.services.nvidia-tuning = {
        description = "NVIDIA GPU settings";
        wantedBy = [ "multi-user.target" ];
        after = [ "nvidia-persistenced.service" ];
        wants = [ "nvidia-persistenced.service" ];
        serviceConfig = {
          Type = "oneshot";
          RemainAfterExit = true;
        };
        script = ''
          ${config.hardware.nvidia.package.bin}/bin/nvidia-smi --ecc-config=0
          ${config.hardware.nvidia.package.bin}/bin/nvidia-smi --compute-mode=EXCLUSIVE_PROCESS
          ${config.hardware.nvidia.package.bin}/bin/nvidia-smi --power-limit=60
          ${config.hardware.nvidia.package.bin}/bin/nvidia-smi --applications-clocks=5001,1590
        '';
      };
    };
}
