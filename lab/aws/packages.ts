/** What the emulator of AWS is made of: its own patches reach into it, so it is this version and no other. */
export const emulatorPackages = ['moto[server]==5.2.5'] as const;
