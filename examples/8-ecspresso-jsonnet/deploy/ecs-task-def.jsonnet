local env = std.native('env');
local must_env = std.native('must_env');
local container = import 'container.libsonnet';

{
  family: 'shop',
  cpu: '512',
  memory: '1024',
  networkMode: 'awsvpc',
  requiresCompatibilities: ['FARGATE'],
  runtimePlatform: {
    cpuArchitecture: std.extVar('architecture'),
    operatingSystemFamily: 'LINUX',
  },
  executionRoleArn: 'arn:aws:iam::%s:role/shop-execution' % must_env('AWS_ACCOUNT'),
  taskRoleArn: 'arn:aws:iam::%s:role/shop' % must_env('AWS_ACCOUNT'),
  containerDefinitions: [
    container('nginx') {
      portMappings: [{ containerPort: 80 }],
      dependsOn: [{ containerName: 'app', condition: 'START' }],
    },
    container('app') {
      environment: [{ name: 'GREETING', value: env('GREETING', 'Welcome') }],
      ulimits: [{ name: 'nofile', softLimit: 4096, hardLimit: 8192 }],
    },
  ],
}
