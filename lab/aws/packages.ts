/**
 * What the emulator of AWS is made of: its own patches reach into moto, so it is this version and no other. Without moto's extra
 * `server`, which asks for three times as much for services that are not emulated here. Needs Python 3.10.
 */
export const emulatorPackages = [
  'moto==5.2.5',
  'boto3==1.44.5',
  'botocore==1.44.5',
  'flask==3.1.3',
  'flask-cors==6.0.5',
  'werkzeug==3.1.9',
] as const;
