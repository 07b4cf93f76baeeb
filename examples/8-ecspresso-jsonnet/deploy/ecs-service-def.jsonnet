local must_env = std.native('must_env');

{
  capacityProviderStrategy: [
    { capacityProvider: 'FARGATE_SPOT', weight: 3 },
    { capacityProvider: 'FARGATE', weight: 1 },
  ],
  deploymentConfiguration: {
    deploymentCircuitBreaker: { enable: true, rollback: true },
    maximumPercent: 200,
    minimumHealthyPercent: 50,
  },
  desiredCount: 4,
  enableExecuteCommand: true,
  networkConfiguration: {
    awsvpcConfiguration: {
      assignPublicIp: 'DISABLED',
      securityGroups: [must_env('SECURITY_GROUP')],
      subnets: [must_env('SUBNET')],
    },
  },
  propagateTags: 'SERVICE',
}
