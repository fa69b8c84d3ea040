/** Tags of what an EC2 call makes: its name, and that it is of the practice lab. */
export function named<Type extends string>(type: Type, name: string): { ResourceType: Type; Tags: { Key: string; Value: string }[] }[] {
  return [{ ResourceType: type, Tags: nameTags(name) }];
}

export const nameTags = (name: string): { Key: string; Value: string }[] => [
  { Key: 'Name', Value: name },
  { Key: 'estate', Value: 'practice' },
];
